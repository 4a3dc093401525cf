// What is known of a cell, and two kernels' prototypes beside each other.

let open = null;
const cellOf = (row, kernel) => data.cells[row.cells[kernel]];

// The nearest kernel of the architecture on which all is well and whose prototype is known.
const reference = (program, row, kernel) => {
	const arch = data.kernels[kernel].arch;
	let best = null;
	data.kernels.forEach((other, at) => {
		const isGood = statusOf(cellOf(row, at)).id === "same" && program.prototypes[at] !== null;
		if (at === kernel || other.arch !== arch || !isGood) return;
		if (best === null || Math.abs(at - kernel) < Math.abs(best - kernel)) best = at;
	});
	if (best !== null) return best;
	const others = data.kernels.map((_, at) => at).filter((at) => at !== kernel && program.prototypes[at] !== null);
	others.sort((a, b) => Math.abs(a - kernel) - Math.abs(b - kernel) || a - b);
	return others.length > 0 ? others[0] : kernel;
};

// Both lists of lines beside each other: a pair for each line that both have, and null for one that
// only one has.
const aligned = (left, right) => {
	const same = (a, b) => a.t.replace(/,$/, "") === b.t.replace(/,$/, "");
	const [n, m] = [left.length, right.length];
	const length = Array.from({ length: n + 1 }, () => new Uint32Array(m + 1));
	for (let i = n - 1; i >= 0; i--) {
		for (let j = m - 1; j >= 0; j--) {
			length[i][j] = same(left[i], right[j]) ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1]);
		}
	}
	const pairs = [];
	let [i, j] = [0, 0];
	while (i < n || j < m) {
		if (i < n && j < m && same(left[i], right[j])) pairs.push([left[i++], right[j++], false]);
		else if (j >= m || (i < n && length[i + 1][j] >= length[i][j + 1])) pairs.push([left[i++], null, true]);
		else pairs.push([null, right[j++], true]);
	}
	// One that went and one that came in its place are one change.
	for (let at = 0; at + 1 < pairs.length; at++) {
		const [a, b] = [pairs[at], pairs[at + 1]];
		if (a[1] === null && b[0] === null) pairs.splice(at, 2, [a[0], b[1], true]);
	}
	return pairs;
};

const isRead = (line, cell) => (cell.returned ? Boolean(line.r) : Boolean(line.n) && line.n === cell.found);
const isMeant = (line, row) => Boolean(row.name) && (line.n === row.name || (Boolean(line.r) && row.name === "ret"));

const lineOf = (line, isOther, sign, cell, row) => {
	const item = make("li", isOther ? "other" : "");
	if (line === null) {
		item.className = "gap";
		item.append(make("span", "text", " "));
		return item;
	}
	if (isOther) item.dataset.sign = sign;
	item.append(make("span", "text", line.t));
	if (isRead(line, cell)) {
		const status = statusOf(cell);
		item.classList.add("read-here");
		item.append(make("span", `tag s-${status.id}`, `${status.sign} is read`));
	} else if (isMeant(line, row) && statusOf(cell).id !== "same") {
		item.append(make("span", "tag meant", "is meant"));
	}
	return item;
};

const describe = (id, cell) => {
	const status = statusOf(cell);
	by(id).textContent = `${status.sign} ${status.word}`;
};

const compare = () => {
	const { program, row } = open;
	const [left, right] = [by("left"), by("right")].map((select) => Number(select.value));
	const [a, b] = [left, right].map((kernel) => {
		const place = program.prototypes[kernel];
		return place === null ? null : data.prototypes[place];
	});
	describe("left-status", cellOf(row, left));
	describe("right-status", cellOf(row, right));
	const lists = [by("left-lines"), by("right-lines")];
	for (const list of lists) list.replaceChildren();
	const none = [{ t: "the kernel does not have it, or its BTF does not tell" }];
	// Against nothing, no line is another.
	const pairs = a && b ? aligned(a, b) : null;
	const sides = [[a, left, "−"], [b, right, "+"]];
	sides.forEach(([lines, kernel, sign], side) => {
		const of = pairs ? pairs.map((pair) => [pair[side], pair[2]]) : (lines || none).map((line) => [line, false]);
		lists[side].append(...of.map(([line, isOther]) => lineOf(line, isOther, sign, cellOf(row, kernel), row)));
		lists[side].classList.toggle("none", !lines);
	});
};

const tell = (kernel) => {
	const { program, row } = open;
	const cell = cellOf(row, kernel);
	const status = statusOf(cell);
	const { label, equal } = data.kernels[kernel];
	by("detail-title").textContent = `${program.name}: ${row.what} on ${label}`;
	by("detail-title").title = equal ? `The same BTF: ${equal.join(", ")}` : "";
	by("detail-status").className = `s-${status.id}`;
	by("detail-status").textContent = `${status.sign} ${status.word}`;
	by("detail-sentence").textContent = cell.sentence || `${status.meaning}.`;
	const source = row.isMeant ? ` ${program.source[0].toUpperCase()}${program.source.slice(1)}.` : "";
	by("detail-about").textContent = row.isMeant ? "Meant" : "About";
	by("detail-meant").textContent = `${row.meant}.${source}`;
	by("detail-source").hidden = !row.line;
	if (row.line) {
		by("detail-place").textContent = `${row.line.file}:${row.line.number}`;
		by("detail-line").textContent = row.line.text;
	}
};

const cells = all(".cell");
const placeOf = (cell) => cell.id.match(/^p(\d+)r(\d+)k(\d+)$/).slice(1).map(Number);
const close = () => {
	if (!open) return;
	open.cell.setAttribute("aria-expanded", "false");
	by("detail").hidden = true;
	document.body.classList.remove("looking");
	const { cell } = open;
	open = null;
	cell.focus();
	history.replaceState(null, "", location.pathname + location.search);
};
const show = (cell) => {
	if (open) open.cell.setAttribute("aria-expanded", "false");
	const [at, number, kernel] = placeOf(cell);
	const program = data.programs[at];
	open = { cell, program, row: program.rows[number] };
	cell.setAttribute("aria-expanded", "true");
	unfold(groups.find((group) => group.body.contains(cell)), true);
	by("right").value = kernel;
	by("left").value = reference(program, open.row, kernel);
	tell(kernel);
	compare();
	by("detail").hidden = false;
	document.body.classList.add("looking");
	by("detail").scrollTop = 0;
	cell.scrollIntoView({ block: "nearest", inline: "nearest" });
	by("detail-title").focus({ preventScroll: true });
	history.replaceState(null, "", `#${cell.id}`);
};
for (const select of [by("left"), by("right")]) {
	data.kernels.forEach(({ label }, at) => {
		const option = make("option", "", label);
		option.value = at;
		select.append(option);
	});
	select.addEventListener("change", compare);
}
by("right").addEventListener("change", () => tell(Number(by("right").value)));
by("close").addEventListener("click", close);
for (const cell of cells) {
	cell.setAttribute("aria-controls", "detail");
	cell.addEventListener("click", () => (open && open.cell === cell ? close() : show(cell)));
}
