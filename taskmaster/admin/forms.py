"""The forms of the pages. Each carries a token against forged requests, good for half an hour."""

from flask_admin.form import SecureForm
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length, Regexp

STORABLE = Regexp(r"[^\0]*\Z", message="NUL characters are not allowed.")  # PostgreSQL's rule


class UserForm(SecureForm):
    """A button for one user."""

    id = HiddenField(validators=[InputRequired(), Length(max=36)])


class LoginForm(SecureForm):
    """Name and password of a superuser."""

    login = StringField("Username or e-mail", [InputRequired(), Length(max=255), STORABLE])
    password = PasswordField("Password", [InputRequired(), Length(max=128)])
