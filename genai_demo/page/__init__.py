"""What all tabs share: the page, its theme, the scene stepper, browser components, texts, messages."""
