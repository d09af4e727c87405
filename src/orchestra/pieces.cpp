// The table of pieces, and the choice of pieces for a smaller orchestra.
#include "orchestra/pieces.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "minet/core/text.hpp"

namespace minet::orchestra {
namespace {

struct Row {
  const char* title;
  const char* codes;
};

// Arrangements of a composition are in sequence, as in URMP; row i is piece i + 1.
constexpr std::array<Row, 44> kRows = {{
    {"Aubade", "vn vc"},
    {"Ballade", "vn vn"},
    {"Bourree", "fl cl"},
    {"Canzona", "fl fl"},
    {"Carole", "tpt tpt"},
    {"Carole", "sax sax"},
    {"Chanson", "tpt tbn"},
    {"Elegy", "fl vn"},
    {"Fanfare", "tpt vn"},
    {"Gavotte", "bn sax"},
    {"Idyll", "ob vc"},
    {"Elegy", "vn vn vc"},
    {"Hymn", "vn vn va"},
    {"Landler", "fl fl cl"},
    {"Lullaby", "tpt tpt tbn"},
    {"Lullaby", "tpt tpt sax"},
    {"Minuet", "vn fl cl"},
    {"Minuet", "vn fl tpt"},
    {"Musette", "cl vn vc"},
    {"Musette", "tpt vn vc"},
    {"Pastoral", "cl tbn tba"},
    {"Pastoral", "sax tbn tba"},
    {"Pastoral", "cl sax tba"},
    {"Polonaise", "vn vn va vc"},
    {"Polonaise", "vn vn va sax"},
    {"Prelude", "vn vn va vc"},
    {"Prelude", "vn vn va sax"},
    {"Ricercar", "fl ob cl bn"},
    {"Ricercar", "fl fl ob cl"},
    {"Ricercar", "fl fl ob sax"},
    {"Rigaudon", "tpt tpt hn tbn"},
    {"Ricercar", "vn vn va vc"},
    {"Romance", "tpt tpt hn tbn"},
    {"Ricercar", "tpt tpt hn tbn"},
    {"Serenade", "vn vn va db"},
    {"Serenade", "vn vn va vc"},
    {"Serenade", "fl vn va cl"},
    {"Siciliana", "vn vn va vc db"},
    {"Siciliana", "vn vn va sax db"},
    {"Tarantella", "fl fl ob cl bn"},
    {"Tarantella", "fl fl ob sax bn"},
    {"Toccata", "tpt tpt hn tbn tba"},
    {"Waltz", "tpt tpt hn tbn tba"},
    {"Zarabanda", "vn va vc db"},
}};

constexpr std::array<int, 4> kFirst = {38, 42, 28, 6};     // every instrument, for training
constexpr std::array<int, 5> kTest = {44, 43, 10, 3, 11};  // and once more, for testing
constexpr std::array<int, 4> kSharedTakes = {24, 25, 38, 39};

template <class List>
bool has(const List& list, int number) {
  return std::find(list.begin(), list.end(), number) != list.end();
}

Piece piece_of(int number) {
  const Row& row = kRows[static_cast<std::size_t>(number - 1)];
  Piece piece{.number = number, .title = row.title, .codes = split(row.codes, ' ')};
  piece.parts = static_cast<int>(piece.codes.size());
  piece.test = has(kTest, number);
  piece.shares_takes = has(kSharedTakes, number);
  return piece;
}

// The pieces of a volume, in the order in which a growing orchestra adds them.
std::vector<Piece> ordered() {
  std::vector<Piece> order, rest;
  std::map<std::string, double> share, count;
  double total = 0;
  const auto take = [&](const Piece& piece) {
    order.push_back(piece);
    for (const std::string& code : piece.codes) ++count[code], ++total;
  };
  for (int number = 1; number <= static_cast<int>(kRows.size()); ++number) {
    rest.push_back(piece_of(number));
    for (const std::string& code : rest.back().codes) share[code] += 1.0 / kTracksOfVolume;
  }
  for (const int number : kFirst) take(piece_of(number));
  for (const int number : kTest) take(piece_of(number));
  std::erase_if(rest, [](const Piece& p) { return has(kFirst, p.number) || has(kTest, p.number); });
  while (!rest.empty()) {
    std::size_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < rest.size(); ++i) {
      auto with = count;
      for (const std::string& code : rest[i].codes) ++with[code];
      double away = 0;
      for (const auto& [code, part] : share) {
        const double off = with[code] / (total + rest[i].parts) - part;
        away += off * off;
      }
      if (away < least) least = away, best = i;
    }
    take(rest[best]);
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(best));
  }
  return order;
}

}  // namespace

std::vector<std::string> Piece::made() const {
  return {codes.begin(), codes.begin() + parts};
}

std::string Piece::name() const {
  return text(number < 10 ? "0" : "", number, "_", title, "_", join(made(), "_"));
}

std::string Piece::group() const {
  return volume == 0 ? title : text(title, "-", volume + 1);
}

std::vector<Piece> choose_pieces(int tracks, const std::vector<std::string>& instruments) {
  const std::vector<Piece> order = ordered();
  std::vector<Piece> chosen;
  std::size_t given = 0;
  for (int volume = 0; tracks > 0; ++volume) {
    for (Piece piece : order) {
      if (tracks <= 0) break;
      piece.volume = volume;
      piece.number += volume * static_cast<int>(kRows.size());
      piece.parts = std::min(piece.parts, tracks);
      tracks -= piece.parts;
      if (!instruments.empty()) {
        for (std::string& code : piece.codes) code = instruments[given++ % instruments.size()];
      }
      chosen.push_back(std::move(piece));
    }
  }
  std::sort(chosen.begin(), chosen.end(),
            [](const Piece& a, const Piece& b) { return a.number < b.number; });
  return chosen;
}

}  // namespace minet::orchestra
