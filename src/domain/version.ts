/** Of this program, as checkpoints and the API tell it. */
export const VERSION = "0.1.0";
