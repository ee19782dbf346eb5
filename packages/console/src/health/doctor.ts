/** The examination of the database in this process: one at a time, and the answer of the last one. */
import { tenancyErrorOf } from 'partywall'
import type { AnyTenancy } from '../parts.ts'
import type { DoctorAnswer } from './api.ts'

const doctors = new WeakMap<AnyTenancy, Doctor>()

export class Doctor {
  readonly #tenancy: AnyTenancy
  #answer: DoctorAnswer = { state: 'none' }

  private constructor(tenancy: AnyTenancy) {
    this.#tenancy = tenancy
  }

  static of(tenancy: AnyTenancy): Doctor {
    const doctor = doctors.get(tenancy) ?? new Doctor(tenancy)
    doctors.set(tenancy, doctor)
    return doctor
  }

  get answer(): DoctorAnswer {
    return this.#answer
  }

  /** Goes on when the request is over. While one is at work, there is no second one. */
  begin(by: string): void {
    if (this.#answer.state === 'running') return
    const before = this.#answer.report === undefined ? {} : { report: this.#answer.report }
    const started = { by, startedAt: new Date().toISOString() }
    this.#answer = { ...before, state: 'running', ...started }
    this.#tenancy.doctor().then(
      (report) => (this.#answer = { state: 'done', ...started, endedAt: new Date().toISOString(), report }),
      (error: unknown) => {
        const message = tenancyErrorOf(error)?.summary ?? 'The examination failed; see the log of the process.'
        this.#answer = { state: 'failed', ...started, endedAt: new Date().toISOString(), error: message }
      },
    )
  }
}
