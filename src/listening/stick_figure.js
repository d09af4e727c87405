// A player as a stick figure. `joints`: x and y of 47 joints, 0 to 1000, in a square; `bones`: [from, to, "r" or "l",
// of a hand]. The colours are the page's --right and --left.
function drawFigure(canvas, joints, bones) {
  const scale = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d"), colours = getComputedStyle(document.documentElement);
  const size = Math.min(width, height) - 12;
  const x = i => (width - size) / 2 + joints[2 * i] / 1000 * size, y = i => 6 + joints[2 * i + 1] / 1000 * size;
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.lineCap = "round";
  for (const [from, to, side, hand] of bones) {
    pen.strokeStyle = colours.getPropertyValue(side === "r" ? "--right" : "--left");
    pen.lineWidth = hand ? 1.5 : 3.5;
    pen.beginPath();
    pen.moveTo(x(from), y(from));
    pen.lineTo(x(to), y(to));
    pen.stroke();
  }
}
