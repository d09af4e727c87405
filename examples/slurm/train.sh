#!/usr/bin/env bash
# Trains on several nodes, with one task per GPU. After a requeue or a time limit the job resumes automatically:
#
#   sbatch --nodes=4 --ntasks-per-node=8 --gpus-per-node=8 examples/slurm/train.sh configs/paper.yaml corpus runs/a
#
# The corpus and the run's folder must be on a file system that all nodes share.
#SBATCH --job-name=train
#SBATCH --time=12:00:00
#SBATCH --requeue
#SBATCH --signal=B:USR1@120
#SBATCH --open-mode=append
set -euo pipefail
[ $# -ge 3 ] || { echo "usage: sbatch train.sh CONFIG CORPUS RUN [options of mi_train]" >&2; exit 2; }
config=$1 corpus=$2 run=$3
shift 3

if [ -e "$run/run.json" ]; then
  words=(--resume "$run")
  options=()
  while [ $# -gt 0 ]; do
    case $1 in  # the run has stored these
      --init-from | --freeze) shift ;;
      --init-from=* | --freeze=* | --quick) ;;
      *) options+=("$1") ;;
    esac
    shift
  done
else
  words=("$config" --corpus "$corpus" --run "$run")
  options=("$@")
fi

# Two minutes before the time limit, the step is told to save and exit; the job is then requeued.
stopped=no
srun --kill-on-bad-exit=1 mi_train "${words[@]}" ${options[@]+"${options[@]}"} &
step=$!
trap 'stopped=yes; kill -TERM "$step"' USR1
status=0
wait "$step" || status=$?
if [ "$stopped" = yes ]; then
  wait "$step" || true  # the trap ended the first wait
  scontrol requeue "$SLURM_JOB_ID"
  exit 0
fi
exit "$status"
