#!/usr/bin/env bash
# Measures with many tasks, and merges what they measured. The arguments are those of mi_eval ndb with --json FILE, or
# of mi_eval tables; RESULT is their --json or --out:
#
#   words="ndb --model runs/a --corpus corpus --json ndb.json"
#   export SHARDS=8
#   first=$(sbatch --parsable --array=1 examples/slurm/evaluate.sh $words)
#   others=$(sbatch --parsable --array=2-8 --dependency=afterok:$first examples/slurm/evaluate.sh $words)
#   sbatch --dependency=afterok:$others examples/slurm/evaluate.sh merge ndb.json
#
# The first task makes the bins of training sound, which the others take over. A task that failed, or was preempted, is
# submitted again by itself: --array=5. What is ready is kept.
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
  # The count is that of all tasks, also where some are submitted by themselves.
  count=${SHARDS:-${SLURM_ARRAY_TASK_MAX:?submit with --array=1-N}}
  srun --ntasks=1 mi_eval --quiet "$@" --threads "${SLURM_CPUS_PER_TASK:-1}" --shard "$SLURM_ARRAY_TASK_ID/$count"
fi
