// Takes a conversation over and gives it back, unless the agent has it; remembers the person's name in this browser.
"use strict";

const form = document.getElementById("owner-form");
const person = document.getElementById("person");
const result = document.getElementById("owner-result");
const toAgent = document.getElementById("to-agent");

function wanted(button) {
  const owner = button?.dataset.owner ?? "person";
  return owner === "person" ? `person:${person.value.trim()}` : owner;
}

async function give(event) {
  event.preventDefault();
  if (wanted(event.submitter) === "person:") {
    result.textContent = "Escreva o seu nome. · Write your name.";
    person.focus();
    return;
  }
  localStorage.setItem("person", person.value.trim());
  result.textContent = "…";
  try {
    const response = await fetch(form.dataset.url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ owner: wanted(event.submitter) }),
    });
    result.textContent = response.ok ? "Feito. · Done." : `Não deu (${response.status}). · It failed.`;
  } catch {
    result.textContent = "Sem conexão. · Offline.";
  }
  document.dispatchEvent(new Event("page:refresh"));
}

function offer() {
  const had = document.activeElement === toAgent;
  toAgent.disabled = document.querySelector("[data-owner-kind]").dataset.ownerKind === "agent";
  if (had && toAgent.disabled) result.focus(); // a disabled button would lose the keyboard's place
}

person.value = localStorage.getItem("person") || person.value;
form.addEventListener("submit", give);
document.addEventListener("page:changed", offer);
