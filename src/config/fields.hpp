// Every configuration key, defined once: name, member, legal values, origin, meaning.
//
// A visitor has two member templates, `field(key, member, check, origin, doc)` and
// `section(key, struct, doc)`; reader, range checker and lister (dump, differences, documentation)
// all walk these functions. A new key takes one entry here and one member in train_config.hpp.
// Upper bounds are not recommendations: they keep products of sizes far from overflow.
#pragma once

#include <concepts>
#include <type_traits>

#include "config/checks.hpp"
#include "minet/config/train_config.hpp"

namespace minet::config {

// `Config` is `Struct`, const or not: one function serves readers and writers.
template <class Config, class Struct>
concept Of = std::same_as<std::remove_const_t<Config>, Struct>;

template <class Visitor, Of<ModelConfig> Config>
void fields(Visitor& visit, Config& c) {
  visit.field(
      "kind", c.kind, choice(), Origin::paper,
      "the network to train. minet: the paper's; seq2seq, graph_transformer: its baselines, "
      "from keypoints to spectrogram frames without codes; plus: our own, which synthesises pitch "
      "and loudness from harmonics and noise");
  visit.field(
      "frame_loss", c.frame_loss, choice(), Origin::ours,
      "baselines only: l1 or mse of the standardised log-spectrogram. l1, because a squared "
      "error favours the mean of all sounds that fit a movement, and so blurs more");
}

template <class Visitor, Of<SpectrogramConfig> Config>
void fields(Visitor& visit, Config& c) {
  visit.field("sample_rate", c.sample_rate, whole(4000, 192000), Origin::paper,
              "Hz; the corpus must have this rate");
  visit.field("n_fft", c.n_fft, whole(16, 65536), Origin::inferred,
              "samples of the Hann window and of the transform; 1024 bins need 2048");
  visit.field("hop", c.hop, whole(1, 65536), Origin::paper,
              "samples between frames; 256 at 16 kHz give 62.5 frames per second");
  visit.field("bins", c.bins, whole(8, 32768), Origin::paper,
              "frequency bins F per frame; n_fft / 2, because the Nyquist bin is dropped");
  visit.field("scale", c.scale, choice(), Origin::ours,
              "the paper says only log-magnitude. decibel: dB with a floor; log1p: ln(1 + "
              "magnitude), which keeps pitch better and loses quiet detail");
  visit.field("floor_db", c.floor_db, closed(-200, -1), Origin::ours,
              "dB below the corpus maximum; decibel scale only: lower values are raised to this");
}

template <class Visitor, Of<PoseConfig> Config>
void fields(Visitor& visit, Config& c) {
  visit.field("fps", c.fps, closed(1, 240), Origin::inferred,
              "pose frames per second after resampling; the rate of the Solos data set");
  visit.field("gap_confidence", c.gap_confidence, below(0, 1), Origin::inferred,
              "a joint with at most this confidence is a gap and is filled in; Solos' value");
}

template <class Visitor, Of<DataConfig> Config>
void fields(Visitor& visit, Config& c) {
  visit.field("clip_seconds", c.clip_seconds, above(0, 600), Origin::paper,
              "seconds; length of the random training clips; 4 s are 250 frames and codes");
  visit.field("audio_cache_mb", c.audio_cache_mb, whole(0, 1048576), Origin::ours,
              "MiB of decoded sound to keep in memory; the rest is read clip by clip");
  visit.field("silence_db", c.silence_db, closed(-200, 0), Origin::ours,
              "dBFS; a clip whose RMS is below this is replaced by another");
}

template <class Visitor, Of<AugmentConfig> Config>
void fields(Visitor& visit, Config& c) {
  visit.field("build", c.build, closed(0, 0.5), Origin::ours,
              "standard deviation of the player's size in a clip, drawn separately for x and y");
  visit.field("turn", c.turn, closed(0, 0.5), Origin::ours,
              "rad; standard deviation of the rotation of a clip's poses");
  visit.field("mirror", c.mirror, closed(0, 1), Origin::ours,
              "share of clips mirrored, with left and right exchanged: left-handed players");
  visit.field(
      "gaps", c.gaps, closed(0, 1), Origin::ours,
      "probability that the fingers of a hand are lost for 0.2 to 1 s of a clip and interpolated");
  visit.field("limbs", c.limbs, closed(0, 1), Origin::ours,
              "rad; standard deviation of the turn of each upper arm, forearm and hand about its "
              "joint: other postures; 0.6 times this is the spread of its length");
  visit.field("sway", c.sway, closed(0, 1), Origin::ours,
              "shoulder widths; size of slow movements of the arms and the whole body that are "
              "added to a clip");
}

template <class Visitor, Of<VqVaeConfig> Config>
void fields(Visitor& visit, Config& c) {
  visit.field("channels", c.channels, whole(1, 16384), Origin::paper,
              "C, channels inside encoder and decoder");
  visit.field("bands", c.bands, ListCheck{1, 16, whole(1, 1024)}, Origin::inferred,
              "N of each multi-band residual block of the encoder, first to last; the decoder "
              "mirrors them. The paper has four blocks, more bands early and fewer later; the "
              "numbers are PerformanceNet's. [1, 1, 1, 1]: the ablation without bands");
  visit.field("residual_blocks", c.residual_blocks, whole(0, 64), Origin::paper,
              "plain residual blocks after the multi-band ones");
  visit.field("codes", c.codes, whole(2, 65536), Origin::paper, "K, size of the codebook");
  visit.field("code_width", c.code_width, whole(1, 4096), Origin::paper,
              "D, width of a code vector");
  visit.field(
      "beta", c.beta, closed(0, 100), Origin::ours,
      "weight of the commitment loss; the paper gives no value. Losses are means, "
      "and the spectrogram has unit variance: 0.25 is equivalent to 4 with the paper's sums");
  visit.field("ema_decay", c.ema_decay, open(0, 1), Origin::ours,
              "decay of the codebook's moving averages; the paper gives no value");
  visit.field("laplace", c.laplace, above(0, 1), Origin::ours,
              "Laplace smoothing of the code counts, so that none is zero");
  visit.field("plain_steps", c.plain_steps, whole(0, 1000000000), Origin::ours,
              "steps as a plain autoencoder before k-means initialises the codebook; in our trials "
              "four fifths of the codes stayed unused with 0 steps, a quarter with 100");
  visit.field("kmeans_vectors", c.kmeans_vectors, whole(2, 10000000), Origin::ours,
              "number of encoder vectors for the k-means that initialises the codebook");
  visit.field("revive_threshold", c.revive_threshold, closed(0, 1), Origin::ours,
              "a code used less than this times the mean use (frames per batch / K) is replaced "
              "by an encoder vector");
  visit.field("revive_every", c.revive_every, whole(0, 1000000000), Origin::ours,
              "steps between replacements of unused codes; 0 = never");
}

template <class Visitor, Of<BodyConfig> Config>
void fields(Visitor& visit, Config& c) {
  visit.field("hidden", c.hidden, whole(1, 4096), Origin::paper,
              "hidden width per direction of the GRU; the body vector has H = 2 * hidden");
  visit.field("layers", c.layers, whole(1, 16), Origin::paper, "bidirectional GRU layers");
}

template <class Visitor, Of<PriorConfig> Config>
void fields(Visitor& visit, Config& c) {
  visit.field("kind", c.kind, choice(), Origin::paper,
              "transformer: the paper's; gru: its ablation GRU-Seq2Seq, a bidirectional GRU over "
              "notes and body, and a GRU over codes that starts from its last states and attends "
              "to all of them as content.alignment says");
  visit.field("layers", c.layers, whole(1, 96), Origin::paper, "transformer blocks or GRU layers");
  visit.field("heads", c.heads, whole(1, 128), Origin::paper,
              "attention heads; the width is W = code_width + H, 128 in the paper");
  visit.field("ffn", c.ffn, whole(1, 65536), Origin::inferred,
              "width of the feed-forward layers; 4 W, as in GPT-1; not used by gru");
  visit.field("dropout", c.dropout, below(0, 1), Origin::inferred, "dropout rate; as in GPT-1");
  visit.field("context", c.context, whole(2, 1000000), Origin::ours,
              "number of steps that each step attends to, including itself; by default the frames "
              "of a clip, so that pieces of any length sound like the training clips");
  visit.field("embedding", c.embedding, choice(), Origin::ours,
              "initial code embeddings. codebook: the VQ-VAE's codes; random: N(0, 0.02)");
  visit.field(
      "head", c.head, choice(), Origin::ours,
      "projection from W to K logits. linear: a separate matrix; tied: the code embeddings");
}

template <class Visitor, Of<ContentConfig> Config>
void fields(Visitor& visit, Config& c) {
  visit.field("enabled", c.enabled, choice(), Origin::paper,
              "true: the model can be given notes; false: it sees the body only (the paper trains "
              "both)");
  visit.field("layers", c.layers, whole(1, 96), Origin::paper,
              "transformer blocks of the note encoder; with prior.kind gru, layers of its GRU");
  visit.field("heads", c.heads, whole(1, 128), Origin::inferred,
              "attention heads; as in the prior; not used with prior.kind gru");
  visit.field("ffn", c.ffn, whole(1, 65536), Origin::inferred,
              "width of the feed-forward layers; as in the prior; not used with prior.kind gru");
  visit.field(
      "alignment", c.alignment, choice(), Origin::paper,
      "how notes reach the prior. cross_attention: as in the paper; added: each step's note "
      "is added to the prior's input at that step, which learns faster; both: both");
  visit.field("drop", c.drop, below(0, 1), Origin::ours,
              "share of training clips whose notes are hidden from the model, so that it plays "
              "with and without notes");
}

template <class Visitor, Of<Seq2SeqConfig> Config>
void fields(Visitor& visit, Config& c) {
  visit.field(
      "hidden", c.hidden, whole(1, 4096), Origin::ours,
      "hidden width per direction of the encoder's GRU; the decoder's is twice that, so that it "
      "can start from the encoder's last state");
  visit.field("layers", c.layers, whole(1, 16), Origin::ours,
              "GRU layers of the encoder and of the decoder");
  visit.field("dropout", c.dropout, below(0, 1), Origin::ours, "dropout rate between GRU layers");
}

template <class Visitor, Of<GraphTransformerConfig> Config>
void fields(Visitor& visit, Config& c) {
  visit.field("blocks", c.blocks, ListCheck{1, 32, whole(1, 4096)}, Origin::inferred,
              "channels of each ST-GCN block; a block wider than the previous one halves the "
              "number of frames; "
              "as in ST-GCN's reference code (arXiv 1801.07455)");
  visit.field("temporal_kernel", c.temporal_kernel, whole(1, 255), Origin::inferred,
              "frames spanned by a block's convolution in time; as in ST-GCN");
  visit.field(
      "width", c.width, whole(2, 16384), Origin::inferred,
      "width of the transformer decoder; this and the next as in Foley Music (arXiv 2007.10984)");
  visit.field("layers", c.layers, whole(1, 96), Origin::inferred, "decoder blocks");
  visit.field("heads", c.heads, whole(1, 128), Origin::inferred, "attention heads");
  visit.field("ffn", c.ffn, whole(1, 65536), Origin::inferred, "width of the feed-forward layers");
  visit.field("dropout", c.dropout, below(0, 1), Origin::inferred,
              "dropout rate of the graph network and the decoder");
}

template <class Visitor, Of<PlusConfig> Config>
void fields(Visitor& visit, Config& c) {
  visit.field("harmonics", c.harmonics, whole(1, 1024), Origin::ours,
              "number of harmonics of the pitch; those above half the sample rate are silent");
  visit.field("noise_bands", c.noise_bands, whole(2, 1025), Origin::ours,
              "number of bands of the filtered noise");
  visit.field("synthesiser_width", c.synthesiser_width, whole(1, 4096), Origin::ours,
              "width of the network from pitch, loudness and body vector to harmonics and noise");
  visit.field(
      "sound_frames", c.sound_frames, whole(8, 100000), Origin::ours,
      "frames of sound per clip that the loss covers; the body encoder sees the whole clip");
  visit.field("motion_hidden", c.motion_hidden, whole(1, 4096), Origin::ours,
              "hidden width per direction of the GRU over the player's movements");
  visit.field("motion_layers", c.motion_layers, whole(1, 16), Origin::ours, "layers of that GRU");
  visit.field("prior_width", c.prior_width, whole(1, 4096), Origin::ours,
              "hidden width of the GRU that predicts onset, pitch and loudness frame by frame");
  visit.field("prior_layers", c.prior_layers, whole(1, 16), Origin::ours, "layers of that GRU");
  visit.field("levels", c.levels, whole(2, 128), Origin::ours,
              "number of loudness levels, 2 dB apart, up to -8 dBFS");
  visit.field("mask", c.mask, below(0, 1), Origin::ours,
              "share of past frames hidden in training, so that the prior relies on the player");
  visit.field("notes_hidden", c.notes_hidden, closed(0, 1), Origin::ours,
              "share of training clips whose notes are hidden from the model, so that it plays "
              "with and without notes");
  visit.field("live", c.live, closed(0, 1), Origin::ours,
              "share of training batches in which the movement encoder sees no future frames, so "
              "that the model can also play live");
  visit.field("whole_track", c.whole_track, closed(0, 1), Origin::ours,
              "share of training batches in which postures are relative to the mean of the whole "
              "track, as in generation, and not of the clip");
  visit.field(
      "augmentation", c.augmentation, closed(0, 10), Origin::ours,
      "strength of pose augmentation in training (scale, rotation, shift, build); 0 = none");
  visit.field("keep_body", c.keep_body, choice(), Origin::ours,
              "true: the first stage trains only the synthesiser and keeps the body encoder of the "
              "run that it starts from");
  visit.field(
      "drawn", c.drawn, closed(0, 1), Origin::ours,
      "share of first-stage clips in which the synthesiser is given pitch in whole semitones and "
      "loudness in levels, as the prior draws them, instead of the measured values");
}

template <class Visitor, Of<StageConfig> Config>
void fields(Visitor& visit, Config& c) {
  visit.field("steps", c.steps, whole(1, 1000000000), Origin::ours, "optimiser steps");
  visit.field("batch", c.batch, whole(1, 65536), Origin::ours, "clips per step");
  visit.field("learning_rate", c.learning_rate, above(0, 1), Origin::ours,
              "AdamW's learning rate after the warm-up");
  visit.field("weight_decay", c.weight_decay, closed(0, 10), Origin::ours,
              "AdamW's weight decay, of matrices only");
  visit.field("beta1", c.beta1, below(0, 1), Origin::ours, "AdamW's decay of the first moment");
  visit.field("beta2", c.beta2, below(0, 1), Origin::ours, "AdamW's decay of the second moment");
  visit.field("warmup_steps", c.warmup_steps, whole(0, 1000000000), Origin::ours,
              "steps of linear warm-up");
  visit.field("final_rate", c.final_rate, closed(0, 1), Origin::ours,
              "factor of learning_rate at the end of the cosine schedule; 1 = constant rate");
  visit.field("clip_norm", c.clip_norm, above(0, 1000000), Origin::ours,
              "maximum total norm of the gradients; larger ones are scaled down");
}

template <class Visitor, Of<RunConfig> Config>
void fields(Visitor& visit, Config& c) {
  visit.field("seed", c.seed, any_seed(), Origin::ours,
              "determines weights, order, clips, dropout and codebook");
  visit.field("precision", c.precision, choice(), Origin::ours,
              "of matrix products and convolutions in training; tf32 needs a GPU, bf16 a GPU or a "
              "processor with AVX512-BF16; automatic: bf16 on a GPU, float32 elsewhere");
  visit.field("cuda_graphs", c.cuda_graphs, choice(), Origin::ours,
              "record each kind of training step once and repeat it, on a GPU and in one process");
  visit.field("deterministic", c.deterministic, choice(), Origin::ours,
              "use LibTorch's deterministic operators on a GPU, which may be slower: repeated and "
              "resumed runs are to be bit-identical, as they always are on a CPU");
  visit.field("log_every", c.log_every, whole(1, 1000000000), Origin::ours,
              "steps between lines of metrics.jsonl");
  visit.field("save_every", c.save_every, whole(1, 1000000000), Origin::ours,
              "steps between checkpoints");
  visit.field("save_minutes", c.save_minutes, above(0, 100000), Origin::ours,
              "maximum minutes between checkpoints");
  visit.field("evaluate_every", c.evaluate_every, whole(1, 1000000000), Origin::ours,
              "steps between evaluations on the test split");
  visit.field("evaluate_clips", c.evaluate_clips, whole(1, 1000000), Origin::ours,
              "clips per evaluation");
}

template <class Visitor, Of<GenerationConfig> Config>
void fields(Visitor& visit, Config& c) {
  visit.field("temperature", c.temperature, closed(0, 100), Origin::ours,
              "from keypoints alone: below 1 steadier, above 1 more varied, 0 always takes the "
              "most likely symbol");
  visit.field(
      "top_p", c.top_p, above(0, 1), Origin::ours,
      "from keypoints alone: sample from the fewest symbols that together have this probability");
  visit.field("notes_temperature", c.notes_temperature, closed(0, 100), Origin::ours,
              "temperature with notes");
  visit.field("notes_top_p", c.notes_top_p, above(0, 1), Origin::ours, "top_p with notes");
  visit.field("top_k", c.top_k, whole(0, 65536), Origin::ours,
              "sample from the K most likely symbols; 0 = all");
  visit.field("level_temperature", c.level_temperature, closed(0, 100), Origin::ours,
              "plus only: factor on the temperature for loudness; if it is high, loudness jumps "
              "from frame to frame and flutters");
}

template <class Visitor, Of<TrainConfig> Config>
void fields(Visitor& visit, Config& c) {
  visit.section("model", c.model, "Which network is trained.");
  visit.section("spectrogram", c.spectrogram, "Sound to spectrogram and back.");
  visit.section("pose", c.pose, "Keypoints of the player, 47 joints per frame.");
  visit.section("data", c.data, "Training clips.");
  visit.section("augment", c.augment, "Augmentation of the poses in training, per clip; 0 = off.");
  visit.section("vqvae", c.vqvae, "The VQ-VAE: from spectrogram frames to codes and back.");
  visit.section("body", c.body, "The body encoder: from keypoints to one vector.");
  visit.section("prior", c.prior, "The prior: predicts codes from the body (and notes).");
  visit.section("content", c.content, "The note encoder.");
  visit.section("vqvae_training", c.vqvae_training, "First stage: the VQ-VAE.");
  visit.section("prior_training", c.prior_training,
                "Second stage: body encoder, prior and content together, on the first stage's "
                "codes.");
  visit.section("seq2seq", c.seq2seq, "The recurrent baseline (model.kind: seq2seq).");
  visit.section("graph_transformer", c.graph_transformer,
                "The baseline with a graph network and a transformer decoder (model.kind: "
                "graph_transformer).");
  visit.section("baseline_training", c.baseline_training, "The only stage of a baseline.");
  visit.section("plus", c.plus, "Our own network (model.kind: plus).");
  visit.section("synthesiser_training", c.synthesiser_training,
                "First stage of plus: body encoder and synthesiser.");
  visit.section("controls_training", c.controls_training,
                "Second stage of plus: from movements to onset, pitch and loudness.");
  visit.section("run", c.run, "The run: seed, log, checkpoints, evaluation.");
  visit.section("generation", c.generation,
                "Sampling settings for mi_generate and mi_eval, found by mi_eval sampling; "
                "training ignores them.");
}

}  // namespace minet::config
