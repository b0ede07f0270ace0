// "Try again" on what was kept because its handler failed.
"use strict";

async function replay(event) {
  const button = event.target.closest("button[data-replay]");
  if (!button) return;
  button.disabled = true;
  try {
    const response = await fetch("/api/admin/replay", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ id: button.dataset.replay }),
    });
    if (!response.ok) button.disabled = false;
  } catch {
    button.disabled = false;
  }
  document.dispatchEvent(new Event("page:refresh"));
}

document.addEventListener("click", replay);
