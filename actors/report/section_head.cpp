#include <algorithm>
#include <cmath>

#include "actors/report/page/words.hpp"
#include "actors/report/story.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::report {

namespace {

std::string tile(const std::string& name, const std::string& value, const std::string& more = "") {
  return "<div class=\"tile\"><dt>" + escape(name) + "</dt><dd>" + escape(value) +
         (more.empty() ? "" : "<small>" + escape(more) + "</small>") + "</dd></div>\n";
}

std::string whole_number(double value) {
  return std::isfinite(value) ? grouped(std::llround(value)) : "–";
}

std::string end_tile(const std::string& name, const Curve& curve) {
  return tile(name + " at the end", number(curve.points.back().value),
              "from " + number(curve.points.front().value));
}

std::string score_tiles(const Story& story) {
  const Curve* curve = score_of(story, 0);
  if (curve == nullptr) return "";
  const CurvePoint& best = best_of(story, *curve);
  std::string html = end_tile(story.score->key, *curve) +
                     tile(story.score->best + " " + story.score->key, number(best.value),
                          "version " + whole_number(best.version));
  const auto f1 = story.data(0).curves.find("eval_f1");  // of a classifier
  return f1 == story.data(0).curves.end() ? html : html + end_tile("F1", f1->second);
}

/// How far a run is that has no summary yet.
std::string unfinished_tiles(const RunData& run) {
  if (!run.events) return "";
  std::int64_t applied = 0;
  for (const auto& tier : run.events->fates) {
    const auto found = tier.find(Events::kApplied);
    applied += found == tier.end() ? 0 : found->second.jobs;
  }
  return tile("virtual time so far", duration(run.events->end_seconds)) +
         tile("updates applied so far", grouped(applied), "of " + counted(run.events->jobs, "job"));
}

std::string run_tiles(const Story& story) {
  const Run& run = story.runs.front();
  const Summary& summary = run.data.summary;
  const auto figure = [&](const char* key) { return summary.figure(key); };
  std::string html = score_tiles(story);
  if (run.data.unfinished) return html + unfinished_tiles(run.data);
  if (summary.figures.empty()) return html;
  html += tile("virtual time", duration(figure("virtual_seconds")),
               duration(figure("wall_seconds")) + " of real time");
  html += tile(
      "versions", whole_number(figure("versions")),
      figure("rounds_failed") > 0 ? whole_number(figure("rounds_failed")) + " rounds failed" : "");
  html += tile("clients", whole_number(figure("clients")));
  html += tile("updates applied", whole_number(figure("updates_applied")),
               "of " + whole_number(figure("jobs")) + " jobs");
  html += tile("jobs lost", whole_number(figure("jobs_lost")),
               figure("updates_refused") > 0
                   ? "and " + whole_number(figure("updates_refused")) + " updates refused"
                   : "");
  html += tile("in flight at the end", whole_number(figure("jobs_in_flight_at_end")));
  html += tile("bytes", bytes_text(figure("bytes_down") + figure("bytes_up")),
               bytes_text(figure("bytes_up")) + " of these up");
  html += tile("tokens trained on", whole_number(figure("train_tokens")));
  if (figure("energy_wh") > 0.0) html += tile("energy", number(figure("energy_wh")) + " Wh");
  if (figure("cost") > 0.0) html += tile("cost", number(figure("cost")));
  if (run.data.clients && run.data.clients->received.size() > 1) {
    html += tile("Gini of participation", number(gini_of(run.data.clients->received)),
                 "0: all alike, 1: one does all");
  }
  return html;
}

std::string data_tiles(const Run& run) {
  if (!run.data.partition || !run.data.summary.figures.empty()) return "";
  const Partition& partition = *run.data.partition;
  std::int64_t examples = 0;
  for (const std::uint32_t size : partition.sizes)
    examples += size;
  return tile("clients", grouped(static_cast<std::int64_t>(partition.sizes.size()))) +
         tile("examples", grouped(examples)) +
         tile("Gini of sizes", number(partition.gini), "0: all alike, 1: one has all");
}

std::string several_tiles(const Story& story) {
  std::string html = tile("runs", grouped(static_cast<std::int64_t>(story.runs.size())));
  if (story.groups.size() < story.runs.size())
    html += tile("settings", grouped(static_cast<std::int64_t>(story.groups.size())));
  const auto best_value = [&](std::size_t run) {
    return best_of(story, *score_of(story, run)).value;
  };
  std::size_t best = story.runs.size();
  for (std::size_t run = 0; run < story.runs.size(); ++run) {
    if (score_of(story, run) == nullptr) continue;
    if (best == story.runs.size() || story.score->better(best_value(run), best_value(best)))
      best = run;
  }
  if (best < story.runs.size()) {
    html += tile(story.score->best + " " + story.score->key, number(best_value(best)),
                 story.labels[best]);
  }
  return html;
}

std::string run_line(const Run& run) {
  const Summary& summary = run.data.summary;
  if (run.data.unfinished) {
    return "This run is not finished: it is at work, or was cut off. What follows is what it has "
           "written so far; its scores and its clients' figures come with its end.";
  }
  if (summary.figures.empty())
    return "The data of a scenario, spread over its clients; nothing was trained.";
  std::string status = summary.text("status");
  std::replace(status.begin(), status.end(), '_', ' ');
  const std::string stop = summary.text("stop_reason");
  std::string line = "Run " + status;
  if (!stop.empty() && stop != summary.text("status")) line += " (" + stop + ")";
  return line + ", seed " + whole_number(summary.figure("seed")) + ".";
}

}  // namespace

std::string head_html(const Story& story) {
  const Run& first = story.runs.front();
  std::string tiles = story.single() ? run_tiles(story) + data_tiles(first) : several_tiles(story);
  std::string html = paragraph(
      story.single()
          ? run_line(first)
          : counted(static_cast<std::int64_t>(story.runs.size()), "run") + " side by side.",
      "lead");
  return html + "<dl class=\"tiles\">\n" + tiles + "</dl>\n";
}

}  // namespace lorafleet::report
