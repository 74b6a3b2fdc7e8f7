// RatioTest: an e-process on "is the release at most r times as bad?", fed with nothing but bad
// events: which group each came from, and how likely the release was to be drawn for it. A mixture
// of likelihood ratios over a few alternatives (Lindon and Malek, NeurIPS 2022), itself mixed over
// the moments at which the truth may have changed. Under the null its mean never exceeds 1 however
// often one looks, so it ever reaches 1/alpha with probability alpha at most (Ville's inequality).
// Formulas and proofs: docs/judge.md.
//
// Pure; control thread. Does not know where probabilities come from
// (health/statistics/block_counts.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace teal::health {

/// One thing that may be true instead: the ratio is `multiple` times the tolerance.
struct Alternative {
  double multiple = 1;
  double weight = 0;
};

inline constexpr std::size_t kAlternatives = 6;
using Mixture = std::array<Alternative, kAlternatives>;

/// "Worse": multiples of the null's ratio. The large ones have more weight (docs/judge.md, "The
/// evidence"), so that a release that fails everything is told by the fewest of its failures.
inline constexpr Mixture kWorse{{{1.5, 0.1}, {2, 0.1}, {4, 0.1}, {10, 0.1}, {40, 0.2}, {400, 0.4}}};
/// "Not worse", for the certificate: the null is "at least r times as bad".
inline constexpr Mixture kNotWorse{
    {{1 / 1.2, 0.1}, {1 / 1.5, 0.3}, {1 / 2.0, 0.2}, {1 / 4.0, 0.2}, {1 / 20.0, 0.1}, {1e-6, 0.1}}};

class RatioTest {
 public:
  /// Starting points kept; the one with the least evidence makes room for a new one.
  static constexpr std::size_t kMaxStarts = 16;
  /// The share of alpha that the first starting point has, that of all later ones (the j-th has
  /// kLaterStarts / (j (j - 1))), and what is left to the processes that go on after a restart
  /// (health/judge/comparison.cc).
  static constexpr double kFirstStart = 0.9;
  static constexpr double kLaterStarts = 0.05;
  static constexpr double kRestarts = 1 - kFirstStart - kLaterStarts;
  /// By how much log_e must be greater for a verdict after so many restarts that may have lost
  /// something: this is another process then than those that judged before, and the n-th has
  /// 1 / (n (n + 1)) of kRestarts, and all of them have kRestarts (docs/judge.md, "Alpha").
  static double log_restart_price(std::uint64_t losses);
  /// By how much log_e must be greater for a process that begins anew after so many others, the
  /// first of which has all but kRestarts.
  static double log_price_after(std::uint64_t others);

  /// What one event did, for taking it back.
  struct Applied {
    std::array<double, kAlternatives> factors{};  ///< Logarithms.
    std::uint64_t number = 0;
  };

  /// Requires: tolerance > 0; the weights sum to at most 1.
  explicit RatioTest(double tolerance, const Mixture& mixture = kWorse);

  /// A bad event of the release or of the live group, and the chance that it was the release's,
  /// had both groups been alike. Requires: 0 < probability < 1.
  Applied add(bool release, double probability);
  /// The event was none after all.
  void take_back(const Applied& applied);
  /// log_e() if so many events more had come, each as in add().
  double log_e_with(std::uint64_t more, bool release, double probability) const;
  /// The truth may have changed: from here on evidence is gathered anew, beside the old. Nothing
  /// happens where there was no event since the last start.
  void restart();

  /// Natural logarithm of the e-value; 0 without events.
  double log_e() const;
  /// How much log_e of the best alternative would grow per bad event, in the mean, were the
  /// release's share of them `share` at a draw probability of `probability`; for estimates.
  double growth(double share, double probability) const;

 private:
  struct Start {
    double weight = 0;
    std::uint64_t after = 0;  ///< Counts events with a greater number.
    std::array<double, kAlternatives> logs{};
  };
  std::array<double, kAlternatives> factors(bool release, double probability) const;
  double log_e(const Start& start) const;

  double tolerance_;
  Mixture mixture_;
  std::array<double, kAlternatives> log_multiples_{}, log_weights_{};
  std::vector<Start> starts_;
  double unused_start_weight_ =
      1 - kFirstStart;  ///< Weight of the starts to come; their e-value is 1.
  std::uint64_t started_ = 1;
  std::uint64_t events_ = 0;
};

/// log(sum of exp(x)) without overflow; -infinity for none.
double log_sum_exp(std::span<const double> logs);

}  // namespace teal::health
