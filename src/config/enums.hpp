// The words of each enum, defined once for reader, dump and documentation.
#pragma once

#include <array>
#include <string_view>

#include "minet/config/config.hpp"

namespace minet::config {

template <class Enum>
struct Word {
  Enum value;
  std::string_view word;
};

template <class Enum>
struct EnumWords;

template <>
struct EnumWords<ModelKind> {
  static constexpr std::array<Word<ModelKind>, 4> words{
      {{ModelKind::minet, "minet"},
       {ModelKind::seq2seq, "seq2seq"},
       {ModelKind::graph_transformer, "graph_transformer"},
       {ModelKind::plus, "plus"}}};
};

template <>
struct EnumWords<FrameLoss> {
  static constexpr std::array<Word<FrameLoss>, 2> words{
      {{FrameLoss::l1, "l1"}, {FrameLoss::mse, "mse"}}};
};

template <>
struct EnumWords<PriorKind> {
  static constexpr std::array<Word<PriorKind>, 2> words{
      {{PriorKind::transformer, "transformer"}, {PriorKind::gru, "gru"}}};
};

template <>
struct EnumWords<LogScale> {
  static constexpr std::array<Word<LogScale>, 2> words{
      {{LogScale::decibel, "decibel"}, {LogScale::log1p, "log1p"}}};
};

template <>
struct EnumWords<EmbeddingInit> {
  static constexpr std::array<Word<EmbeddingInit>, 2> words{
      {{EmbeddingInit::codebook, "codebook"}, {EmbeddingInit::random, "random"}}};
};

template <>
struct EnumWords<PriorHead> {
  static constexpr std::array<Word<PriorHead>, 2> words{
      {{PriorHead::linear, "linear"}, {PriorHead::tied, "tied"}}};
};

template <>
struct EnumWords<Alignment> {
  static constexpr std::array<Word<Alignment>, 3> words{
      {{Alignment::cross_attention, "cross_attention"},
       {Alignment::added, "added"},
       {Alignment::both, "both"}}};
};

template <>
struct EnumWords<Precision> {
  static constexpr std::array<Word<Precision>, 4> words{{{Precision::automatic, "automatic"},
                                                         {Precision::float32, "float32"},
                                                         {Precision::tf32, "tf32"},
                                                         {Precision::bf16, "bf16"}}};
};

}  // namespace minet::config
