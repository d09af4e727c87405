// Reads the files of a listening test: the key, and the answers that listeners saved. Both are
// untrusted: they may come from strangers, or from an editor.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "minet/listening/listening.hpp"

namespace minet::listening {

struct ListeningPair {
  std::string made;  // "x" or "y"
  bool catch_trial = false;
  std::string instrument;  // may be empty
  std::string track;
};

struct ListeningKey {
  std::string test;  // its name, repeated in the answers
  std::map<std::string, ListeningPair> pairs;
};

struct ListeningAnswer {
  std::string pair;
  bool took_made = false;  // took the made one for the real one
  bool chose_left = false;
};

struct ListenerAnswers {
  std::string listener;
  std::string musician;                  // empty: not stated
  std::vector<ListeningAnswer> answers;  // in the order they were heard
};

ListeningKey read_listening_key(const std::filesystem::path& path);

// Files, or folders of *.json. The same answers twice count once, with a warning.
std::vector<ListenerAnswers> read_listening_answers(const std::vector<std::filesystem::path>& paths,
                                                    const ListeningKey& key);

}  // namespace minet::listening
