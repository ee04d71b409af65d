// What most modules here need of the page.
export const byId = (id) => document.getElementById(id);

/** Put the focus on what the page shows. */
export const focusOnHeading = (options) => document.querySelector("#main > section:not([hidden]) h1").focus(options);

/** Return a title as part of a sentence, whose direction it leaves alone. */
export const quoted = (title) => `“\u2068${title}\u2069”`;

/** Call an asynchronous function once things have been quiet for so many milliseconds. */
export function whenQuiet(milliseconds, act) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, milliseconds);
  };
}
