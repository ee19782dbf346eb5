/** Words for runs. */
import type { Tone } from '@partywall/ui'
import type { HeadAnswer, RunAnswer, RunEntry } from '../../src/migrations/api.ts'

export function toneOf(state: RunAnswer['state'] | RunEntry['state']): Tone {
  const tones = {
    running: 'info',
    done: 'good',
    failed: 'bad',
    interrupted: 'warn',
    skipped: 'warn',
    pending: 'neutral',
  } as const
  return tones[state]
}

export function workText({ work, to }: Pick<RunAnswer, 'work' | 'to'>): string {
  const words = {
    run: 'Migrate',
    down: 'Roll back',
    redo: 'Redo the last migration',
    reset: 'Empty and migrate again',
    fake: 'Record as applied',
  }
  return to === undefined ? words[work] : `${words[work]}, to ${to}`
}

export function scopeText({ scope, kind }: Pick<HeadAnswer, 'scope' | 'kind'>, hasKinds: boolean): string {
  if (scope === 'shared') return 'Shared schema'
  const word = scope === 'template' ? 'Template' : 'Tenants'
  return hasKinds && kind !== undefined ? `${word} of kind ${kind}` : word
}

/** What a person can do about a run that has not come to its end. */
export function adviceOf(run: RunAnswer): string | undefined {
  switch (run.state) {
    case 'running':
      return run.where === 'elsewhere'
        ? 'Another process works on it. Results arrive here when it records them. If that process is gone, resume the run.'
        : undefined
    case 'interrupted':
      return 'Its process has ended before the run did. What is done is kept: resume the run to finish the rest. Each schema was migrated as a whole or not at all.'
    case 'failed':
      return run.mayResume ? 'Fix the cause, then resume the run: only what is left is done.' : undefined
    default:
      return undefined
  }
}
