// Dragging the cells of the page on which a homepage is arranged. Its buttons do the same without this.

let held = null;

const page = () => document.getElementById("arrange");
const movable = (x, y) => document.elementsFromPoint(x, y).find((one) => one.matches?.(".arrange:not([data-pinned])"));

document.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest("[data-grip]");
  if (!grip || event.button) return;
  event.preventDefault();
  held = grip.closest(".arrange");
  held.classList.add("arrange--held");
  grip.setPointerCapture(event.pointerId);
});

document.addEventListener("pointermove", (event) => {
  if (!held) return;
  const over = movable(event.clientX, event.clientY);
  if (!over || over === held) return;
  const cells = [...held.parentElement.children];
  over[cells.indexOf(held) < cells.indexOf(over) ? "after" : "before"](held);
});

function drop() {
  if (!held) return;
  held.classList.remove("arrange--held");
  held = null;
  const form = page().querySelector(".arrange__order");
  for (const old of form.querySelectorAll("[name=order]")) old.remove();
  for (const cell of page().querySelectorAll(".arrange:not([data-pinned])")) {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name: "order", value: cell.dataset.key });
    form.append(input);
  }
  form.requestSubmit();
}

document.addEventListener("pointerup", drop);
document.addEventListener("pointercancel", drop);
