// What the other files use: the data, and short names for finding and making elements.

const data = JSON.parse(document.getElementById("data").textContent);
const by = (id) => document.getElementById(id);
const all = (selector, of = document) => Array.from(of.querySelectorAll(selector));
const make = (tag, name, text) => {
	const element = document.createElement(tag);
	if (name) element.className = name;
	if (text !== undefined) element.textContent = text;
	return element;
};
