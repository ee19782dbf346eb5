/** What the API of jobs answers. Types only: the client imports them. */
import type { JobState, QueueCounts } from './source.ts'

export type { JobState } from './source.ts'

export type QueuesAnswer =
  | { readonly isConfigured: false }
  | {
      readonly isConfigured: true
      readonly name: string
      readonly mayRetry: boolean
      readonly mayRemove: boolean
      readonly queues: readonly QueueCounts[]
    }

export interface JobAnswer {
  readonly id: string
  readonly queue: string
  readonly name?: string
  readonly state: JobState
  readonly attempts: number
  readonly maxAttempts?: number
  readonly createdAt?: string
  readonly runAt?: string
  readonly error?: string
}

export interface JobsAnswer {
  readonly tenant: { readonly id: string; readonly schema: string; readonly name: string }
  readonly jobs: readonly JobAnswer[]
  /** There may be more. */
  readonly isFull: boolean
}
