// Before the first paint, so that nobody who chose dark sees a white page flash by. A file of its
// own, because the page's policy allows no inline script.
try {
  const theme = localStorage.getItem("theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // Without storage the system's theme holds.
}
