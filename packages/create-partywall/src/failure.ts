/** What ends the program with a message for its caller, and no stack. */
export class Failure extends Error {
  /** 2: the call is wrong. 130: the caller has stopped it. */
  readonly exitCode: number

  constructor(message: string, exitCode: 1 | 2 | 130 = 1) {
    super(message)
    this.name = 'Failure'
    this.exitCode = exitCode
  }
}
