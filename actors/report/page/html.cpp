#include "actors/report/page/html.hpp"

#include <algorithm>
#include <array>

#include "partition/support/printable.hpp"

namespace lorafleet::report {

namespace {

/// Digits, with a sign, a point, groups and a unit: "1,200", "-0.5", "9.3 %", "1.31 MB".
bool looks_like_a_number(const std::string& cell) {
  constexpr std::string_view kMinus = "−";
  constexpr std::string_view kNone = "–";
  std::string_view rest = cell;
  if (rest.empty() || rest == kNone) return true;
  if (rest.starts_with(kMinus)) rest.remove_prefix(kMinus.size());
  if (rest.starts_with("× ")) rest.remove_prefix(std::string_view("× ").size());
  const auto end = rest.find_first_not_of("0123456789.,+-e");
  const auto unit = end == rest.npos ? std::string_view() : rest.substr(end);
  constexpr std::array<std::string_view, 8> kUnits = {"",    " %",  " B",  " kB",
                                                      " MB", " GB", " TB", " PB"};
  return end != 0 && std::find(kUnits.begin(), kUnits.end(), unit) != kUnits.end();
}

/// Columns of numbers stand right; the first one, which heads the rows, too where it has numbers.
std::vector<bool> numeric_columns(const Table& table) {
  std::vector<bool> numeric(table.head.size(), true);
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size() && i < numeric.size(); ++i)
      numeric[i] = numeric[i] && looks_like_a_number(row[i]);
  }
  return numeric;
}

}  // namespace

std::string escape(std::string_view text) {
  std::string safe;
  for (const char letter : printable(text, true)) {
    switch (letter) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += letter;
    }
  }
  return safe;
}

std::string script_safe(std::string_view json) {
  std::string safe;
  safe.reserve(json.size());
  for (const char letter : json) {
    if (letter == '<') {
      safe += "\\u003c";
    } else {
      safe += letter;
    }
  }
  return safe;
}

std::string paragraph(std::string_view text, std::string_view css) {
  const std::string attribute = css.empty() ? "" : " class=\"" + std::string(css) + "\"";
  return "<p" + attribute + ">" + escape(text) + "</p>\n";
}

std::string table_html(const Table& table, std::string_view name) {
  const auto numeric = numeric_columns(table);
  std::string html = "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"" +
                     escape(name) + "\">\n<table" + (table.sortable ? " class=\"sortable\"" : "") +
                     "><thead><tr>";
  for (std::size_t i = 0; i < table.head.size(); ++i) {
    html += std::string("<th scope=\"col\"") + (numeric[i] ? " class=\"n\"" : "") + ">" +
            escape(table.head[i]) + "</th>";
  }
  html += "</tr></thead><tbody>\n";
  for (const auto& row : table.rows) {
    html += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string css = i < numeric.size() && numeric[i] ? " class=\"n\"" : "";
      html += i == 0 ? "<th scope=\"row\"" + css + ">" + escape(row[i]) + "</th>"
                     : "<td" + css + ">" + escape(row[i]) + "</td>";
    }
    html += "</tr>\n";
  }
  html += "</tbody></table></div>\n";
  if (!table.note.empty()) html += paragraph(table.note, "note");
  return html;
}

std::string hidden_table_html(const Table& table, std::string_view name) {
  return "<details open class=\"data\"><summary>Data table</summary>\n" + table_html(table, name) +
         "</details>\n";
}

}  // namespace lorafleet::report
