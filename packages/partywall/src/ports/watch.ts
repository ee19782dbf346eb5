/** How the catalog learns of changes that other processes make. */
import type { Statement } from '../sql/statement.ts'

/** `listen`: the server sends each change at once. `poll`: one question a second, where a connection does not reach a session of its own. */
export type WatchMode = 'listen' | 'poll'

export interface WatchOptions {
  /** The channel that changes are announced on. */
  readonly channel: string
  /** Resolves when there is something to watch. */
  readonly ready: () => Promise<void>
  /**
   * Asks what was committed after a look: one row with `changes`, a line for each, `<number> <announcement>`, or null; and with `look`,
   * the name of this look. Undefined: the first look, without changes.
   */
  readonly changesSince: (look: string | undefined) => Statement
  /** Another process, or this one, has committed a change. */
  readonly onChange: (announcement: string) => void
  /** From now on every change is seen. */
  readonly onWatching: (mode: WatchMode, isAgain: boolean) => void
  /** Changes are not seen any more, or cannot be seen yet. Called once until `onWatching` is. */
  readonly onLost: (mode: WatchMode | undefined, reason: string) => void
}

export interface Watch {
  /**
   * Names the period in which every change is seen; undefined while changes are not seen. What was read in a period, after it began, is
   * right until a change is announced or the period is over. Call it at each use: it starts the watch, and keeps it going.
   */
  period(): object | undefined
  /** Resolves when its connection is closed. */
  close(): Promise<void>
}
