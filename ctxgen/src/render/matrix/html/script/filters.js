// What rows are shown: by text, by status, by object; and programs whose rows are folded.

const statusOf = (cell) => data.statuses[cell.status];
const unfold = (group, isOpen) => {
	group.body.classList.toggle("folded", !isOpen);
	const fold = group.body.querySelector("button.name");
	if (fold) fold.setAttribute("aria-expanded", String(isOpen));
};
const groups = all("tbody").map((body) => {
	const program = data.programs[body.dataset.program];
	const ofProgram = [program.name, program.section, data.objects[program.object]].join("\n").toLowerCase();
	const rows = all("tr.row", body).map((element) => {
		const row = program.rows[element.dataset.row];
		const sentences = [...new Set(row.cells)].map((cell) => data.cells[cell].sentence);
		const line = row.line ? [row.line.file, row.line.text] : [];
		const text = [row.what, row.meant, ...line, ...sentences].join("\n").toLowerCase();
		return { element, text, statuses: element.dataset.statuses.split(" ") };
	});
	// What is well everywhere is folded until a person or a filter asks for it.
	const isWell = program.rows.every((row) => row.cells.every((cell) => statusOf(data.cells[cell]).fine));
	return { body, rows, ofProgram, object: body.dataset.object, isFolded: isWell && rows.length > 0 };
});
for (const group of groups.filter((group) => group.rows.length > 0)) {
	const name = group.body.querySelector(".name");
	const fold = make("button", "name");
	fold.type = "button";
	fold.append(...name.childNodes);
	fold.addEventListener("click", () => {
		group.isFolded = fold.getAttribute("aria-expanded") === "true";
		unfold(group, !group.isFolded);
	});
	name.replaceWith(fold);
}
const chips = all(".chip");
const filter = () => {
	const words = by("text").value.toLowerCase().split(/\s+/).filter(Boolean);
	const statuses = chips.filter((chip) => chip.getAttribute("aria-pressed") === "true").map((chip) => chip.dataset.status);
	const object = by("object").value;
	let [shown, programs] = [0, 0];
	for (const group of groups) {
		const isObject = object === "" || group.object === object;
		const rest = words.filter((word) => !group.ofProgram.includes(word));
		let here = 0;
		for (const row of group.rows) {
			const isStatus = statuses.length === 0 || row.statuses.some((status) => statuses.includes(status));
			const isShown = isObject && isStatus && rest.every((word) => row.text.includes(word));
			row.element.hidden = !isShown;
			here += isShown;
		}
		// A program that reads nothing has no rows, and is shown where no row is asked for.
		const isBare = group.rows.length === 0 && statuses.length === 0 && rest.length === 0;
		group.body.hidden = !(isObject && (here > 0 || isBare));
		unfold(group, !group.isFolded || statuses.length > 0 || rest.length > 0);
		shown += here;
		programs += !group.body.hidden;
	}
	by("nothing").hidden = programs > 0;
	by("shown").textContent = `${shown} rows of ${programs} programs are shown`;
};
by("text").addEventListener("input", filter);
by("object").addEventListener("change", filter);
for (const chip of chips) {
	chip.addEventListener("click", () => {
		chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
		filter();
	});
}
by("reset").addEventListener("click", () => {
	by("text").value = by("object").value = "";
	for (const chip of chips) chip.setAttribute("aria-pressed", "false");
	filter();
	by("text").focus();
});
