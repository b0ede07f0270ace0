"""What the offline responder knows, read from the file that is pinned for outsiders."""

import json

from tests.support.running import REPOSITORY

ANSWERS: dict[str, str] = {
    entry["question"]: entry["answer"]
    for entry in json.loads((REPOSITORY / "shared" / "knowledge" / "pt-BR.json").read_text(encoding="utf-8"))
}
QUESTIONS = tuple(ANSWERS)
