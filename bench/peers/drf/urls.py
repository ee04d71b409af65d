"""Where the calls are."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from . import views

router = SimpleRouter()
router.register("tasks", views.TaskViewSet, basename="task")

urlpatterns = [
    path("livez", views.livez),
    path("api/v1/auth/login/", views.login),
    path("api/v1/", include(router.urls)),
]
