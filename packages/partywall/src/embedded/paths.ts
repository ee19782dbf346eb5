/** The files of one embedded server. All of them are in the directory that the project chose. */
import { join } from 'node:path'

export interface EmbeddedPaths {
  /** The project's directory for partywall, e.g. `.partywall`. */
  readonly directory: string
  /** Contains all of the following. */
  readonly home: string
  /** PostgreSQL's data directory. Exists only complete: it is created beside and renamed into place. */
  readonly data: string
  /** Prefix of unfinished data directories, by which the remains of a killed initdb are found. */
  readonly unfinishedData: string
  /** Where the supervisor listens, with its secret. Exists while it runs; stale after a kill -9. */
  readonly serverFile: string
  /** The port of the last start, so that saved connections of database tools keep working. */
  readonly portFile: string
  /** The output of PostgreSQL and the supervisor. */
  readonly log: string
  /** Locked by the one supervisor as long as it runs. */
  readonly lock: string
}

export function embeddedPaths(directory: string): EmbeddedPaths {
  const home = join(directory, 'postgres')
  return {
    directory,
    home,
    data: join(home, 'data'),
    unfinishedData: join(home, 'data-unfinished-'),
    serverFile: join(home, 'server.json'),
    portFile: join(home, 'port'),
    log: join(home, 'server.log'),
    lock: join(home, 'lock'),
  }
}
