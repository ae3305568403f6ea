/** The message belongs to another run by now, or is gone: whatever this one has learned is not to be written. */
export class RunLost extends Error {
  constructor(id: string) {
    super(`The message ${id} is in other hands.`);
    this.name = 'RunLost';
  }
}
