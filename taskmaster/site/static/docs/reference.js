// Shows /openapi.json by Redoc, in the colours that the reader prefers.
const DOCUMENTED = "http://127.0.0.1:8000"; // what samples name for the server: core/samples.py, core/api.py
const main = document.getElementById("main");
const dark = matchMedia("(prefers-color-scheme: dark)");

const COLORS = {
  light: { text: "#1c1f2b", page: "#ffffff", panel: "#f5f6fa", accent: "#4338ca", code: "#1e2130", border: "#d9dce6", good: "#15803d", bad: "#b91c1c" },
  dark: { text: "#e6e8f0", page: "#14161f", panel: "#1c1f2b", accent: "#a5b4fc", code: "#0d0f16", border: "#363b4f", good: "#4ade80", bad: "#fca5a5" },
};

function themeOf(colors) {
  return {
    colors: {
      primary: { main: colors.accent },
      text: { primary: colors.text, secondary: colors.text },
      success: { main: colors.good },
      error: { main: colors.bad },
      responses: { success: { color: colors.good }, error: { color: colors.bad }, redirect: { color: colors.text } },
      border: { dark: colors.border, light: colors.border },
    },
    sidebar: { backgroundColor: colors.panel, textColor: colors.text },
    rightPanel: { backgroundColor: colors.code },
    schema: { nestedBackground: colors.panel, requireLabelColor: colors.bad, typeNameColor: colors.text, typeTitleColor: colors.text },
    typography: {
      fontFamily: "system-ui, sans-serif",
      headings: { fontFamily: "system-ui, sans-serif" },
      links: { color: colors.accent },
      code: { backgroundColor: colors.panel, color: colors.accent },
    },
  };
}

// Redoc's badge asks another host for its picture; this page asks no other host for anything.
const image = HTMLImageElement.prototype;
image.setAttribute = function (name, value) {
  if (name === "src" && new URL(value, location.href).origin !== location.origin) return;
  Element.prototype.setAttribute.call(this, name, value);
};
Object.defineProperty(image, "src", {
  ...Object.getOwnPropertyDescriptor(image, "src"),
  set(value) {
    this.setAttribute("src", value);
  },
});

// Mends what axe finds in Redoc's markup: a level of headings is skipped, samples scroll but take no focus, menu items
// have another name than they show, and patterns have a colour that is too dark for the dark theme.
function mend() {
  for (const heading of main.querySelectorAll("h5:not([aria-level])")) heading.setAttribute("aria-level", "3");
  for (const sample of main.querySelectorAll("pre:not([tabindex])")) sample.tabIndex = 0;
  for (const item of main.querySelectorAll("li[aria-label]")) item.removeAttribute("aria-label");
  for (const label of main.querySelectorAll("td span")) if (label.textContent.startsWith("^")) label.style.color = "inherit";
}

async function show() {
  const options = {
    theme: themeOf(dark.matches ? COLORS.dark : COLORS.light),
    downloadUrls: [{ url: main.dataset.spec }],
    nativeScrollbars: true,
    scrollYOffset: "header.top",
    jsonSamplesExpandLevel: 3,
  };
  const reply = await fetch(main.dataset.spec);
  const text = (await reply.text()).replaceAll(DOCUMENTED, location.origin);
  Redoc.init(reply.ok ? JSON.parse(text) : main.dataset.spec, options, main); // Redoc says what is wrong
}

new MutationObserver(mend).observe(main, { childList: true, subtree: true });
dark.addEventListener("change", () => location.reload());
if (globalThis.Redoc) show(); // else the sentence stays that tells where else to look
