"use strict";
// One sound at a time; its player moves with it and a line goes through its picture.
const shown = JSON.parse(document.getElementById("movements").textContent);
const everySound = [...document.querySelectorAll(".player audio")];
document.querySelectorAll(".player").forEach((player, number) => {
  const canvas = player.querySelector("canvas"), sounds = [...player.querySelectorAll("audio")];
  const frames = shown.players[number];
  let current = sounds[0];
  const draw = () => {
    const at = current.currentTime;
    drawFigure(canvas, frames[Math.min(frames.length - 1, Math.floor(at * shown.fps))], shown.bones);
    for (const sound of sounds) {
      const line = sound.parentElement.querySelector(".line");
      line.hidden = sound !== current || at === 0;
      line.style.left = 100 * at / (sound.duration || 1) + "%";
    }
  };
  const follow = () => {
    draw();
    if (!current.paused) requestAnimationFrame(follow);
  };
  for (const sound of sounds) {
    const take = () => { current = sound; follow(); };
    sound.addEventListener("play", () => {
      for (const other of everySound) if (other !== sound) other.pause();
      take();
    });
    sound.addEventListener("seeking", take);
    sound.addEventListener("ended", draw);
    const picture = sound.parentElement.querySelector(".picture");
    picture.addEventListener("click", event => {
      const box = picture.getBoundingClientRect();
      sound.currentTime = (event.clientX - box.left) / box.width * (sound.duration || 0);
      sound.play();
    });
  }
  addEventListener("resize", draw);
  draw();
});
