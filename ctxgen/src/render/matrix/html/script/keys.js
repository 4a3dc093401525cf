// What keys do: arrows go from cell to cell, Escape closes what is open.

const visible = () => all("tr.row").filter((row) => row.checkVisibility());
const neighbour = (cell, key) => {
	const own = cell.closest("tr");
	const inRow = all(".cell", own);
	const at = inRow.indexOf(cell);
	if (key === "ArrowLeft") return inRow[at - 1];
	if (key === "ArrowRight") return inRow[at + 1];
	const rows = visible();
	const row = rows[rows.indexOf(own) + (key === "ArrowDown" ? 1 : -1)];
	if (!row) return undefined;
	const kernel = placeOf(cell)[2];
	return all(".cell", row).filter((other) => placeOf(other)[2] <= kernel).pop();
};
document.addEventListener("keydown", (event) => {
	if (event.key === "Escape") close();
	const cell = event.target instanceof Element ? event.target.closest(".cell") : null;
	if (!cell || !event.key.startsWith("Arrow")) return;
	const next = neighbour(cell, event.key);
	if (next) {
		event.preventDefault();
		next.focus();
	}
});
