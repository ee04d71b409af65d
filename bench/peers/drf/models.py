"""The table of tasks; users are Django's own."""

import uuid

from django.conf import settings
from django.db import models


class Task(models.Model):
    """A task of one user."""

    class Status(models.TextChoices):
        """Where the work stands."""

        TO_DO = "TO DO"
        IN_PROGRESS = "IN PROGRESS"
        DONE = "DONE"

    class Priority(models.TextChoices):
        """How urgent it is."""

        LOW = "LOW"
        MEDIUM = "MEDIUM"
        HIGH = "HIGH"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False)
    title = models.CharField(max_length=100)
    description = models.TextField(max_length=10_000, blank=True, default="")
    status_task = models.CharField(max_length=11, choices=Status, default=Status.TO_DO)
    priority = models.CharField(max_length=6, choices=Priority, default=Priority.MEDIUM)
    due_date = models.DateTimeField(null=True, blank=True)
    date_created = models.DateTimeField(auto_now_add=True)
    last_updated = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "drf"
        db_table = "tasks"
        indexes = [models.Index("owner", "date_created", name="ix_tasks_owner")]
        ordering = ["-date_created"]

    def __str__(self) -> str:
        return self.title
