#include "pose/join_tracks.hpp"

#include <algorithm>
#include <bitset>

#include "minet/core/signals.hpp"

namespace minet::pose {
namespace {

constexpr std::size_t kMostParts = 200;    // tracks that are joined: those seen in most frames
constexpr std::int64_t kFewestFrames = 5;  // shorter tracks are left out, unless all are short
constexpr std::int64_t kFewTogether = 5;   // one in so many files is few
using Parts = std::bitset<kMostParts>;

// The tracks worth joining. Those of false detections would be stepping stones to somebody else.
std::vector<const Track*> choose_parts(const std::vector<Track>& tracks) {
  std::int64_t most = 0;
  for (const Track& track : tracks) most = std::max(most, track.presence.clear);
  std::vector<const Track*> parts;
  for (const Track& track : tracks) {
    if (track.presence.clear >= kFewestFrames || !track.presence.rare(most)) {
      parts.push_back(&track);
    }
  }
  std::stable_sort(parts.begin(), parts.end(), [](const Track* a, const Track* b) {
    return a->presence.clear > b->presence.clear;
  });
  parts.resize(std::min(parts.size(), kMostParts));
  return parts;
}

// The shortest way from the end of one part's presence to the beginning of the other's.
struct Link {
  bool near = false;  // within reach
  double distance = kFar;
  std::size_t a = 0, b = 0;
  bool better(const Link& other) const {
    return near != other.near ? near : distance < other.distance;
  }
};

// Finds, in one pass, how often parts are seen together, and the links between others.
class Relations {
 public:
  Relations(const std::vector<const Track*>& parts, const std::vector<std::vector<Person>>& files,
            const std::vector<std::int64_t>& numbers)
      : parts_(parts), files_(files), numbers_(numbers), next_(parts.size(), 0) {
    together_.resize(parts.size() * parts.size());
    links_.resize(parts.size() * parts.size());
    for (std::size_t file = 0; file < files.size(); ++file) {
      throw_if_stopped_while("following people");
      visit(file);
    }
  }

  // The number of files in which both are seen.
  std::int64_t together(std::size_t a, std::size_t b) const {
    return together_[a * parts_.size() + b];
  }

  // Best first.
  std::vector<Link> links() const {
    std::vector<Link> links;
    for (const Link& link : links_) {
      if (link.distance < kFar && together(link.a, link.b) == 0) links.push_back(link);
    }
    std::stable_sort(links.begin(), links.end(),
                     [](const Link& a, const Link& b) { return a.better(b); });
    return links;
  }

 private:
  void visit(std::size_t file) {
    std::vector<std::size_t> here;
    Parts seen;
    for (std::size_t part = 0; part < parts_.size(); ++part) {
      const auto& sightings = parts_[part]->sightings;
      if (next_[part] < sightings.size() && sightings[next_[part]].file == file) {
        here.push_back(part);
        seen.set(part);
      }
    }
    for (const std::size_t part : here) {
      for (const std::size_t other : here) ++together_[part * parts_.size() + other];
      const Sighting* last = last_sighting(part);
      if (last == nullptr || last->file + 1 < file) link_to(part, file, seen);
    }
    for (const std::size_t part : here) ++next_[part];
  }

  // Links parts that were seen since `part` was, to its return in this file.
  void link_to(std::size_t part, std::size_t file, const Parts& seen) {
    const Person& person = person_at(parts_[part]->sightings[next_[part]]);
    const Sighting* own = last_sighting(part);
    for (std::size_t other = 0; other < parts_.size(); ++other) {
      const Sighting* last = last_sighting(other);
      if (last == nullptr || seen[other] || together(part, other) > 0) continue;
      if (own != nullptr && own->file > last->file) continue;
      const double d = distance(person_at(*last), person);
      const double size = std::max(body_size(person_at(*last)), body_size(person));
      const Link link{d <= reach(size, numbers_[file] - numbers_[last->file]), d,
                      std::min(part, other), std::max(part, other)};
      Link& best = links_[link.a * parts_.size() + link.b];
      if (link.better(best)) best = link;
    }
  }

  // Where the part was seen last before the current file; nullptr: nowhere.
  const Sighting* last_sighting(std::size_t part) const {
    return next_[part] > 0 ? &parts_[part]->sightings[next_[part] - 1] : nullptr;
  }
  const Person& person_at(const Sighting& at) const {
    return files_[at.file][static_cast<std::size_t>(at.index)];
  }

  const std::vector<const Track*>& parts_;
  const std::vector<std::vector<Person>>& files_;
  const std::vector<std::int64_t>& numbers_;
  std::vector<std::size_t> next_;       // by part, in its sightings
  std::vector<std::int64_t> together_;  // [part, part]
  std::vector<Link> links_;             // [part, part]
};

// Parts that are one person.
struct Group {
  std::vector<std::size_t> parts;
  Presence presence;
};

class Groups {
 public:
  Groups(const std::vector<const Track*>& parts, const Relations& relations)
      : parts_(parts),
        relations_(relations),
        links_(relations.links()),
        group_of_(parts.size()),
        groups_(parts.size()) {
    for (std::size_t part = 0; part < parts.size(); ++part) {
      group_of_[part] = part;
      add(groups_[part], part);
    }
  }

  void join(bool near) {
    for (const Link& link : links_) {
      if (link.near != near || left_out_[link.a] || left_out_[link.b]) continue;
      const std::size_t a = group_of_[link.a], b = group_of_[link.b];
      if (a != b && may_be_one(groups_[a], groups_[b])) merge(a, b);
    }
  }

  void leave_out_rare() {
    std::int64_t most = 0;
    for (const Group& group : groups_) most = std::max(most, group.presence.clear);
    for (Group& group : groups_) {
      if (!group.presence.rare(most)) continue;
      for (const std::size_t part : group.parts) left_out_.set(part);
      group = {};
    }
  }

  std::vector<Followed> people() const {
    std::vector<Followed> people;
    for (const Group& group : groups_) {
      if (group.parts.empty()) continue;
      people.push_back({{}, group.presence});
      std::vector<Sighting>& sightings = people.back().sightings;
      for (const std::size_t part : group.parts) {
        sightings.insert(sightings.end(), parts_[part]->sightings.begin(),
                         parts_[part]->sightings.end());
      }
      std::sort(sightings.begin(), sightings.end(),
                [](const Sighting& a, const Sighting& b) { return a.file < b.file; });
    }
    std::stable_sort(people.begin(), people.end(), [](const Followed& a, const Followed& b) {
      return a.presence.rank() > b.presence.rank();
    });
    return people;
  }

 private:
  // A part that is seen rarely may be a false detection near the place that the person moves to
  // later, so few files of such a part do not tell two people apart.
  bool may_be_one(const Group& a, const Group& b) const {
    const std::int64_t most = parts_.front()->presence.clear;
    std::int64_t together = 0;
    for (const std::size_t p : a.parts) {
      for (const std::size_t q : b.parts) {
        const std::int64_t files = relations_.together(p, q);
        if (files > 0 && !parts_[std::max(p, q)]->presence.rare(most)) return false;
        together += files;
      }
    }
    return kFewTogether * together <= std::min(a.presence.clear, b.presence.clear);
  }

  // Of two parts that are seen together, the rarer one is somebody else.
  void merge(std::size_t into, std::size_t from) {
    const Group a = std::move(groups_[into]), b = std::move(groups_[from]);
    for (const std::size_t p : a.parts) {
      for (const std::size_t q : b.parts) {
        if (relations_.together(p, q) > 0) left_out_.set(std::max(p, q));
      }
    }
    groups_[into] = groups_[from] = {};
    for (const Group* group : {&a, &b}) {
      for (const std::size_t part : group->parts) {
        if (!left_out_[part]) add(groups_[into], part);
        group_of_[part] = into;
      }
    }
  }

  void add(Group& group, std::size_t part) const {
    group.parts.push_back(part);
    group.presence.add(parts_[part]->presence);
  }

  const std::vector<const Track*>& parts_;  // those seen in most files first
  const Relations& relations_;
  std::vector<Link> links_;
  std::vector<std::size_t> group_of_;  // by part
  std::vector<Group> groups_;          // some are empty
  Parts left_out_;
};

}  // namespace

std::vector<Followed> join_tracks(const std::vector<Track>& tracks,
                                  const std::vector<std::vector<Person>>& files,
                                  const std::vector<std::int64_t>& numbers) {
  const std::vector<const Track*> parts = choose_parts(tracks);
  const Relations relations(parts, files, numbers);
  Groups groups(parts, relations);
  groups.join(/*near=*/true);
  groups.leave_out_rare();
  groups.join(/*near=*/false);
  return groups.people();
}

}  // namespace minet::pose
