#!/usr/bin/env bash
# Prepares a corpus with many tasks, then merges their shards:
#
#   shards=$(sbatch --parsable --array=1-50 examples/slurm/prepare.sh tracks.csv corpus)
#   sbatch --dependency=afterok:$shards examples/slurm/prepare.sh tracks.csv corpus merge
#
# A task that failed or was preempted can be submitted again on its own: --array=17. Finished tracks are kept.
#SBATCH --job-name=prepare
#SBATCH --cpus-per-task=4
#SBATCH --time=04:00:00
#SBATCH --requeue
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: sbatch --array=1-N prepare.sh TABLE CORPUS [merge]" >&2; exit 2; }
table=$1 corpus=$2

if [ "${3:-}" = merge ]; then
  srun --ntasks=1 mi_prepare --quiet merge "$corpus"
  srun --ntasks=1 mi_prepare check "$corpus"
else
  # The number of tasks of the first submission, even if only some of them are submitted again.
  count=${SHARDS:-${SLURM_ARRAY_TASK_MAX:?submit with --array=1-N}}
  srun --ntasks=1 mi_prepare --quiet folder --table "$table" --out "$corpus" --skip-bad \
    --threads "${SLURM_CPUS_PER_TASK:-1}" --shard "$SLURM_ARRAY_TASK_ID/$count"
fi
