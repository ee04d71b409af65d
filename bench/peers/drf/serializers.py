"""What is taken in and given out."""

from django.contrib.auth.models import User
from rest_framework import serializers

from .models import Task


class TaskSerializer(serializers.ModelSerializer):
    """A task."""

    class Meta:
        model = Task
        fields = [
            "id", "title", "description", "status_task", "priority", "due_date",
            "date_created", "last_updated",
        ]  # fmt: skip


class OperationSerializer(serializers.Serializer):
    """One operation of a bulk; creating is the one that is measured."""

    action = serializers.ChoiceField(["create"])
    task = TaskSerializer()


class BulkSerializer(serializers.Serializer):
    """A bulk of operations."""

    operations = OperationSerializer(many=True, min_length=1, max_length=100)


class LoginSerializer(serializers.Serializer):
    """Who logs in."""

    username = serializers.CharField()
    password = serializers.CharField()


class UserSerializer(serializers.ModelSerializer):
    """An account."""

    class Meta:
        model = User
        fields = [
            "id", "first_name", "last_name", "username", "email", "last_login", "is_superuser",
        ]  # fmt: skip
