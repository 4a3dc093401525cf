// Light and dark: as the browser prefers, or as the button says.

const root = document.documentElement;
const kept = (value) => {
	// Storage may be forbidden to files.
	try {
		if (value !== undefined) localStorage.setItem("ctxgen-theme", value);
		return localStorage.getItem("ctxgen-theme");
	} catch {
		return null;
	}
};
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches);
const nameTheme = () => {
	by("theme").textContent = isDark() ? "Light" : "Dark";
	by("theme").setAttribute("aria-label", isDark() ? "Show in light colours" : "Show in dark colours");
};
const stored = kept();
if (stored === "light" || stored === "dark") root.dataset.theme = stored;
by("theme").addEventListener("click", () => {
	root.dataset.theme = isDark() ? "light" : "dark";
	kept(root.dataset.theme);
	nameTheme();
});
prefersDark.addEventListener("change", nameTheme);
nameTheme();
