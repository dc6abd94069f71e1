// Shows how far a run is, and loads the page anew when it has ended.
(() => {
  const panel = document.getElementById("sheet-run");
  const address = panel && panel.dataset.progress;
  if (!address) return;
  const says = document.getElementById("sheet-says");
  const count = document.getElementById("sheet-count");
  const bar = document.getElementById("sheet-progress");
  const number = new Intl.NumberFormat();

  async function look() {
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const run = await answer.json();
        if (run.state !== "waiting" && run.state !== "running") {
          location.reload();
          return;
        }
        says.textContent = run.says;
        count.textContent = run.total ? `${number.format(run.done)} / ${number.format(run.total)}` : "";
        bar.max = run.total || 1;
        bar.value = run.done;
      }
    } catch {
      // The server is away for a moment; the next look tells.
    }
    setTimeout(look, document.hidden ? 10000 : 1500);
  }
  setTimeout(look, 1000);
})();
