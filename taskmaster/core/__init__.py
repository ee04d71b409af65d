"""What all features use; imports none of them."""
