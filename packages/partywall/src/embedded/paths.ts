/** Where everything of one embedded server lives. Nothing of it is outside the directory that the project chose. */
import { join } from 'node:path'

export interface EmbeddedPaths {
  /** The project's directory for partywall, e.g. `.partywall`. */
  readonly directory: string
  /** Everything below is in here. */
  readonly home: string
  /** PostgreSQL's data directory. Exists only complete: it is made beside and renamed into place. */
  readonly data: string
  /** Prefix of data directories in the making; what a killed initdb leaves is found by it. */
  readonly dataInTheMaking: string
  /** Where the supervisor listens, with its secret. Exists while it runs; stale after a kill -9. */
  readonly serverFile: string
  /** The port of last time, so that saved connections of database tools keep working. */
  readonly portFile: string
  /** What PostgreSQL and the supervisor have to say. */
  readonly log: string
  /** Locked by the one supervisor for as long as it lives. */
  readonly lock: string
}

export function embeddedPaths(directory: string): EmbeddedPaths {
  const home = join(directory, 'postgres')
  return {
    directory,
    home,
    data: join(home, 'data'),
    dataInTheMaking: join(home, 'data-in-the-making-'),
    serverFile: join(home, 'server.json'),
    portFile: join(home, 'port'),
    log: join(home, 'server.log'),
    lock: join(home, 'lock'),
  }
}
