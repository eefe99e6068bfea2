// Elements of the page. What others wrote gets into it as text only, never as markup.

/** Makes an element with its properties and children. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  Object.assign(made, properties);
  made.append(...children);
  return made;
}

/** Returns the element with an id. */
export const byId = (id) => document.getElementById(id);

/** Says in words how many there are of something. */
export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

/** Cuts a text to what a page can show, and says so. */
export function bounded(text, most = 20_000) {
  return text.length <= most ? text : `${text.slice(0, most)} … and ${text.length - most} characters more`;
}
