"""What chat models bring: a template of turns, and settings of generation."""

import json
from pathlib import Path
from typing import Any


def chat_template(image: str, user: str, assistant: str, start: str = "") -> str:
    """A template for turns with one picture and one question.

    Args:
        image: what stands for the picture.
        user: a whole turn, with CONTENT where picture and question go.
        assistant: what opens the answer.
        start: what opens the conversation.
    """
    part = f"{{% if part.type == 'image' %}}{image}{{% else %}}{{{{ part.text }}}}{{% endif %}}"
    content = f"{{% for part in turn.content %}}{part}{{% endfor %}}"
    turns = f"{{% for turn in messages %}}{user.replace('CONTENT', content)}{{% endfor %}}"
    return f"{start}{turns}{{% if add_generation_prompt %}}{assistant}{{% endif %}}"


def generating(folder: Path, **settings: Any) -> Path:
    """Write settings into the model's generation_config.json; returns `folder`."""
    path = folder / "generation_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings, indent=2))
    return folder
