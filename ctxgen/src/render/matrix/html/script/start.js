// What is done once the page is there.

for (const element of all(".tools, .chips")) element.hidden = false;
if (data.objects.length < 2) by("object").parentElement.hidden = true;
filter();
const linked = /^#p\d+r\d+k\d+$/.test(location.hash) && by(location.hash.slice(1));
if (linked) show(linked);
// Where not all kernels have room, what is worst is in sight.
const worst = data.statuses.find((status) => document.querySelector(`.cell.s-${status.id}`));
if (!linked && worst && !worst.fine) {
	document.querySelector(`.cell.s-${worst.id}`).scrollIntoView({ block: "nearest", inline: "nearest" });
}
