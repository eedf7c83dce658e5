from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("transcription", "0010_reports")]

    operations = [
        migrations.AddField(
            model_name="entry", name="tps", field=models.CharField(blank=True, max_length=13, default=""), preserve_default=False
        ),
        migrations.AddField(
            model_name="goldreading",
            name="tps",
            field=models.CharField(blank=True, max_length=13, default=""),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="task",
            name="why",
            field=models.CharField(
                blank=True,
                choices=[
                    ("differ", "empat pembacaan tanpa mayoritas"),
                    ("conflict", "dua pembacaan yang sama kuat"),
                    ("problem", "pembaca melaporkan masalah"),
                    ("blank", "semua kotak kosong atau nol"),
                    ("second", "menunggu verifikator kedua"),
                    ("returned", "berkali-kali dikembalikan"),
                    ("reported", "dilaporkan warga"),
                    ("tps", "pada formulir tertulis TPS lain"),
                ],
                max_length=8,
            ),
        ),
    ]
