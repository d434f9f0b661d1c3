// How far a job is, as it tells it. Without this the page loads itself again.

const progress = document.querySelector("[data-events]");
if (progress) {
  const events = new EventSource(progress.dataset.events);
  const said = progress.querySelector("[data-said]");
  events.addEventListener("progress", ({ data }) => {
    const job = JSON.parse(data);
    if (job.state !== progress.dataset.state) return location.reload();
    const bar = progress.querySelector("progress");
    if (job.total !== null) {
      bar.max = job.total;
      bar.value = job.done;
      said.textContent = said.dataset.said.replace("#done", printed(job.done)).replace("#total", printed(job.total));
    } else if (job.done > 0) {
      said.textContent = printed(job.done);
    }
    progress.querySelector("[data-step]").textContent = job.step;
  });
  events.addEventListener("end", () => {
    events.close();
    location.reload();
  });
  events.addEventListener("error", () => {
    // the browser connects again by itself, unless it was refused
    if (events.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 3000);
  });
}
