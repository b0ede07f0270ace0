// Times and phone numbers as people in Brazil read them.

const clock = new Intl.DateTimeFormat("pt-BR", { hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat("pt-BR", { day: "numeric", month: "long", year: "numeric" });
const short = new Intl.DateTimeFormat("pt-BR", { day: "2-digit", month: "2-digit" });

export const dayOf = (ms) => new Date(ms).toDateString();
export const time = (ms) => clock.format(ms);

export function day(ms) {
  if (dayOf(ms) === dayOf(Date.now())) return "Hoje";
  if (dayOf(ms) === dayOf(Date.now() - 86400000)) return "Ontem";
  return date.format(ms);
}

export const brief = (ms) => (dayOf(ms) === dayOf(Date.now()) ? time(ms) : short.format(ms));

export function phone(digits) {
  const match = /^55(\d\d)(\d{4,5})(\d{4})$/.exec(digits);
  return match ? `+55 ${match[1]} ${match[2]}-${match[3]}` : digits && `+${digits}`;
}
