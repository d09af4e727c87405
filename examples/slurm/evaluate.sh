#!/usr/bin/env bash
# Evaluates with many tasks, and merges their results. The arguments are those of mi_eval ndb with --json FILE, or of
# mi_eval tables; RESULT is the value of their --json or --out:
#
#   words="ndb --model runs/a --corpus corpus --json ndb.json"
#   export SHARDS=8
#   first=$(sbatch --parsable --array=1 examples/slurm/evaluate.sh $words)
#   others=$(sbatch --parsable --array=2-8 --dependency=afterok:$first examples/slurm/evaluate.sh $words)
#   sbatch --dependency=afterok:$others examples/slurm/evaluate.sh merge ndb.json
#
# The first task makes the bins of the training sound, which the others reuse. A task that failed or was preempted can
# be submitted again on its own: --array=5. Finished results are kept.
#SBATCH --job-name=evaluate
#SBATCH --cpus-per-task=4
#SBATCH --time=04:00:00
#SBATCH --requeue
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: SHARDS=N sbatch --array=1-N evaluate.sh ndb|tables OPTIONS, or evaluate.sh merge RESULT" >&2
                  exit 2; }

if [ "$1" = merge ]; then
  srun --ntasks=1 mi_eval "$@"
else
  # The number of all tasks, even if only some of them are submitted.
  count=${SHARDS:-${SLURM_ARRAY_TASK_MAX:?submit with --array=1-N}}
  srun --ntasks=1 mi_eval --quiet "$@" --threads "${SLURM_CPUS_PER_TASK:-1}" --shard "$SLURM_ARRAY_TASK_ID/$count"
fi
