/** What one tenant takes from all: only listed, because to try it would harm the server. */
import { group, promises, type AttackIn } from './attack.ts'
import { notRun } from './judging.ts'

const listed = (name: string, title: string, wouldHold: string): AttackIn => ({
  name,
  title,
  promise: { ...promises.never, wouldHold },
  run: () => Promise.resolve(notRun('it would harm the server')),
})

export const resources = group('resources', [
  listed('processor', 'keep the processors busy', 'statementTimeoutMs and pool.maxPerTenant limit it; a server of its own'),
  listed('memory', 'use up the memory of the server', 'limits of the operating system; a server of its own'),
  listed('disk', 'fill the disk with rows or temporary files', 'temp_file_limit and quotas of the storage; a server of its own'),
  listed('connections', 'hold all connections of the pool', 'pool.maxPerTenant, below pool.max'),
  listed('locks', 'fill the table of locks', 'a server of its own'),
  listed(
    'long-transaction',
    'keep a snapshot open, so that no table of the database is cleaned',
    'idle_in_transaction_session_timeout; a database of its own',
  ),
])
