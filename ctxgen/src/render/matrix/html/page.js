"use strict";
(() => {
	const data = JSON.parse(document.getElementById("data").textContent);
	const by = (id) => document.getElementById(id);
	const all = (selector, of = document) => Array.from(of.querySelectorAll(selector));
	const make = (tag, name, text) => {
		const element = document.createElement(tag);
		if (name) element.className = name;
		if (text !== undefined) element.textContent = text;
		return element;
	};

	// ---- Light and dark ----
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

	// ---- Filters ----
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

	// ---- One cell ----
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
		by("detail-meant").textContent = `${row.meant}. ${program.source[0].toUpperCase()}${program.source.slice(1)}.`;
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

	// ---- Keys ----
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

	// ---- Start ----
	for (const element of all(".tools, .chips")) element.hidden = false;
	if (data.objects.length < 2) by("object").parentElement.hidden = true;
	filter();
	const linked = /^#p\d+r\d+k\d+$/.test(location.hash) && by(location.hash.slice(1));
	if (linked) show(linked);
})();
