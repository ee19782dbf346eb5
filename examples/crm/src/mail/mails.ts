/** The mails of this app. Names come from people: they are plain text here, and nothing in a mail is HTML. */
export interface Mail {
  readonly to: string
  readonly subject: string
  readonly text: string
}

/** A name that a person chose could look like another header, or like a link of ours. */
function line(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ').slice(0, 100)
}

export function welcomeMail(given: { to: string; name: string; tenant: string; url: string; trialDays: number }): Mail {
  return {
    to: given.to,
    subject: `Welcome to ${line(given.tenant)}`,
    text: `Hello ${line(given.name)},\n\n${line(given.tenant)} is ready. Its address is your own:\n\n${given.url}\n\nThe trial lasts ${given.trialDays} days.\n`,
  }
}

export function invitationMail(given: { to: string; tenant: string; invitedBy: string; url: string; footer: string }): Mail {
  const footer = given.footer === '' ? '' : `\n-- \n${given.footer}\n`
  return {
    to: given.to,
    subject: `${line(given.invitedBy)} invites you to ${line(given.tenant)}`,
    text: `${line(given.invitedBy)} invites you to work in ${line(given.tenant)}. Accept it here, within seven days:\n\n${given.url}\n\nIf you do not know them, ignore this mail.\n${footer}`,
  }
}

export function resetMail(given: { to: string; tenant: string; url: string }): Mail {
  return {
    to: given.to,
    subject: `A new password for ${line(given.tenant)}`,
    text: `Choose a new password here, within an hour:\n\n${given.url}\n\nIf you did not ask for it, ignore this mail: your password stays as it is.\n`,
  }
}

export function suspendedMail(given: { to: string; tenant: string; url: string }): Mail {
  return {
    to: given.to,
    subject: `The trial of ${line(given.tenant)} is over`,
    text: `The trial of ${line(given.tenant)} is over, and it is closed until it is paid. All data are kept. To go on, choose a plan:\n\n${given.url}\n`,
  }
}
